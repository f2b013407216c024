/** Prints the linked trees of the simulated kernel, packed. Run by packed-kernel.mjs. */
import { kernelLibraries } from '../src/kernel/library.js';
import { packTrees } from '../src/language/packed/pack.js';
import { linkedFiles } from '../src/language/program.js';

process.stdout.write(JSON.stringify(packTrees(linkedFiles(kernelLibraries, kernelLibraries.includable))));
