import { checkSketch } from '../findings/check.js';
import { mailTable } from '../findings/forms/table.js';
import type { Services } from './server.js';

/** The layers below, as the server calls them. */
export const services: Services = {
	check: checkSketch,
	mailTable,
	kernelFiles: () => [],
	kernelSource: () => undefined,
};
