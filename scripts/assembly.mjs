// Compiles the hot loop of the search (src/explore/assembly) into src/explore/loop/bytes.ts.
import fs from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCE = 'src/explore/assembly/search.ts';
const TARGET = path.join(ROOT, 'src/explore/loop/bytes.ts');

const options = ['-O3', '--runtime', 'stub', '--importMemory', '--noAssert', '--outFile', 'search.wasm'];
let bytes;
const { error, stderr } = await asc.main([SOURCE, ...options], {
	readFile: (name, base) => {
		const file = path.join(base === '.' ? ROOT : path.resolve(ROOT, base), name);
		return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : null;
	},
	writeFile: (_name, contents) => {
		bytes = contents;
	},
});
if (error) throw new Error(stderr.toString(), { cause: error });
const text = `/** Compiled from ../assembly by \`npm run generate\`: do not edit. */\nexport const searchModule =\n\t'${Buffer.from(bytes).toString('base64')}';\n`;
if (process.argv.includes('--check')) {
	if (fs.readFileSync(TARGET, 'utf8') !== text)
		throw new Error(`${TARGET} is not what ${SOURCE} compiles to: npm run generate`);
} else fs.writeFileSync(TARGET, text);
