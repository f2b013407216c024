// The language server twice, most of it once: what the server of desktop VS Code has in common with that of a browser it takes
// from that one's file. The package holds no second copy of the engine and the simulated kernel then.
import path from 'node:path';
import esbuild from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Where the file of the worker is, seen from that of the process. */
const BESIDE = './web/server.js';

/** The modules that a bundle is made of, with their formats. */
async function modulesOf(options) {
	const { metafile } = await esbuild.build({ ...options, write: false, metafile: true });
	return new Map(Object.entries(metafile.inputs).map(([file, { format }]) => [path.resolve(ROOT, file), format]));
}

/** Leaves out the modules that the worker has, and notes which of them are asked for. */
const takenFrom = (worker, asked) => ({
	name: 'shared-server',
	setup(build) {
		build.onResolve({ filter: /.*/ }, async ({ path: name, pluginData, ...args }) => {
			if (name === BESIDE) return { path: name, external: true };
			if (pluginData === 'resolving' || args.kind === 'entry-point') return;
			const found = await build.resolve(name, { ...args, pluginData: 'resolving' });
			return worker.has(found.path) ? { path: found.path, namespace: 'shared-server' } : found;
		});
		build.onLoad({ filter: /.*/, namespace: 'shared-server' }, ({ path: file }) => {
			if (!asked.includes(file)) asked.push(file);
			return { contents: `module.exports = require('${BESIDE}').m${asked.indexOf(file)};`, resolveDir: ROOT };
		});
	},
});

/**
 * Builds both.
 * @param node esbuild's options for `src/server/main.ts`
 * @param worker those for `src/server/worker.ts`; its file stands as `web/server.js` beside that of `node`
 * @throws what esbuild found wrong
 */
export async function buildServers(node, worker) {
	const base = { absWorkingDir: ROOT };
	const modules = await modulesOf({ ...base, ...worker });
	const asked = [];
	await esbuild.build({ ...base, ...node, plugins: [...node.plugins, takenFrom(modules, asked)] });
	const taken = asked.map((file, at) => {
		const from = JSON.stringify(file);
		return modules.get(file) === 'cjs' ? `const m${at} = require(${from});` : `import * as m${at} from ${from};`;
	});
	const { entryPoints, ...rest } = worker;
	await esbuild.build({
		...base,
		...rest,
		stdin: {
			contents: [
				`import ${JSON.stringify(path.join(ROOT, entryPoints[0]))};`,
				...taken,
				`export { ${asked.map((_, at) => `m${at}`).join(', ')} };`,
			].join('\n'),
			resolveDir: ROOT,
		},
		globalName: 'notifierLabServer',
		footer: { js: "if (typeof module === 'object') module.exports = notifierLabServer;" },
	});
}
