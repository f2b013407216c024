import { defineConfig } from 'vitest/config';

/** The explorer's page in a real browser. A part of its own: it needs a Chromium. */
export default defineConfig({
	test: {
		include: ['test/webview/**/*.page.ts'],
		globalSetup: ['test/webview/setup.mjs'],
		// One browser at a time is enough for the machine.
		fileParallelism: false,
		testTimeout: 60_000,
		hookTimeout: 60_000,
	},
});
