import { expect, test } from 'vitest';
import { KERNEL_SCHEME } from '../../src/server/protocol.js';
import { services } from '../../src/server/services.js';

test('every library that a sketch can include can be opened by its address', () => {
	const files = services.kernelFiles();
	expect(files.map(({ name }) => name)).toContain('mn/active-ranges');
	for (const { name, uri } of files) {
		expect(uri).toMatch(new RegExp(`^${KERNEL_SCHEME}:/.*${name}\\.mmn$`));
		expect(services.kernelSource(uri), name).toMatch(/\S/);
	}
});
