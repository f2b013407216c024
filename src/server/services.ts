import { checkSketch } from '../findings/check.js';
import { mailTable } from '../findings/forms/table.js';
import { kernelLibraries } from '../kernel/library.js';
import { judge } from '../lessons/judge.js';
import { parseLesson } from '../lessons/lesson.js';
import { Explorers } from './explorer.js';
import { exportRun } from './export.js';
import type { KernelFile } from './protocol.js';
import type { Services } from './server.js';

/** The layers below, as the server calls them. */
export const services: Services = {
	check: checkSketch,
	mailTable,
	exportRun,
	panels: (host) => new Explorers(host),
	judge: ({ page, start, text }, options) => judge(parseLesson(page), start, text, options),
	kernelSource: (uri) => kernelLibraries.read(uri),
	kernelFiles: () =>
		kernelLibraries.names.flatMap((name): KernelFile[] => {
			const uri = kernelLibraries.resolve(name);
			return uri === undefined ? [] : [{ name, uri }];
		}),
};
