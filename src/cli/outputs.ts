import { randomBytes } from 'node:crypto';
import { chmod, open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** Why a file cannot be written, in words that go on after its name. */
export function notWritten(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : '';
	if (code === 'EEXIST') return 'is there already, and is left as it is; choose another name';
	if (code === 'ENOENT' || code === 'ENOTDIR') return 'cannot be written: its folder does not exist';
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'cannot be written: permission denied';
	return `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
}

/**
 * Puts `bytes` in the place of a file that is there: whole, or not at all. They are written beside it first, and on the disk before
 * they bear its name; what a symbolic link leads to is replaced, and not the link.
 * @throws what the system says
 */
export async function replaceFile(file: string, bytes: Uint8Array): Promise<void> {
	const target = await realpath(file);
	const { mode } = await stat(target);
	const beside = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(6).toString('hex')}`);
	try {
		const handle = await open(beside, 'wx', mode);
		try {
			await handle.writeFile(bytes);
			await handle.sync();
		} finally {
			await handle.close();
		}
		// the process's mask may have taken some of it
		await chmod(beside, mode & 0o7777);
		await rename(beside, target);
	} catch (error) {
		await rm(beside, { force: true });
		throw error;
	}
}
