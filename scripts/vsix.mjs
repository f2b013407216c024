import fs from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { ROOT, run } from './run.mjs';

const manifest = () => JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** Where `npm run package` leaves the extension and the npm package. */
export function packages() {
	const { name, version } = manifest();
	return { vsix: path.join(ROOT, `${name}-${version}.vsix`), tarball: path.join(ROOT, `${name}-${version}.tgz`) };
}

/** Makes both packages anew. Throws when that fails. */
export async function makePackages() {
	const { code } = await run([process.execPath, path.join(ROOT, 'scripts/package.mjs')]);
	if (code !== 0) throw new Error('npm run package has failed');
	return packages();
}

/** The files of a .vsix, by their path inside the extension. */
export function filesOf(vsix) {
	if (!fs.existsSync(vsix)) throw new Error(`${vsix} is not there yet: npm run package makes it`);
	const files = new Map();
	for (const [name, content] of Object.entries(unzipSync(fs.readFileSync(vsix))))
		if (name.startsWith('extension/')) files.set(name.slice('extension/'.length), content);
	return files;
}

/**
 * Installs a .vsix the way VS Code does, without its command line.
 *
 * @param {string} extensions the folder of installed extensions
 * @returns the folder of this one
 */
export function install(vsix, extensions) {
	const { name, publisher, version } = manifest();
	const folder = path.join(extensions, `${publisher}.${name}-${version}`);
	for (const [file, content] of filesOf(vsix)) {
		const target = path.join(folder, file);
		fs.mkdirSync(path.dirname(target), { recursive: true });
		fs.writeFileSync(target, content);
	}
	return folder;
}
