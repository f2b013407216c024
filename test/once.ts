/** Before and after all tests of a run: what its processes agree on. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The folder that is there as soon as one of the processes of this run builds dist/. */
export const buildingFolder = (): string => path.join(tmpdir(), `mmn-build-${process.env.MMN_TEST_RUN ?? process.pid}`);

export default function setup(): () => void {
	process.env.MMN_TEST_RUN = `${process.pid}-${Date.now()}`;
	return () => rmSync(buildingFolder(), { recursive: true, force: true });
}
