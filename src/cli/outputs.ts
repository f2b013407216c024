/** Why a file cannot be written, in words that go on after its name. */
export function notWritten(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : '';
	if (code === 'EEXIST') return 'is there already, and is left as it is; choose another name';
	if (code === 'ENOENT' || code === 'ENOTDIR') return 'cannot be written: its folder does not exist';
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'cannot be written: permission denied';
	return `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
}
