// What the extension host is told to run: the real test module, then a note that it came to its end. The workbench
// reports exit code 0 also when the extension host dies, so code-host.mjs believes a 0 only with this note.
const fs = require('node:fs');

exports.run = async () => {
	const { run } = require(process.env.CODE_HOST_TESTS);
	await run();
	fs.writeFileSync(process.env.CODE_HOST_NOTE, 'through\n');
};
