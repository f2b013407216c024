import { checkSketch } from '../findings/check.js';
import { mailTable } from '../findings/forms/table.js';
import { kernelLibraries } from '../kernel/library.js';
import type { KernelFile } from './protocol.js';
import type { Services } from './server.js';

/** The layers below, as the server calls them. */
export const services: Services = {
	check: checkSketch,
	mailTable,
	kernelSource: (uri) => kernelLibraries.read(uri),
	kernelFiles: () =>
		kernelLibraries.names.flatMap((name): KernelFile[] => {
			const uri = kernelLibraries.resolve(name);
			return uri === undefined ? [] : [{ name, uri }];
		}),
};
