/**
 * Trees of the simulated kernel's files, as `packTrees` makes them. The build puts them here (scripts/packed-kernel.mjs);
 * without it there are none, and the files are parsed when they are first needed.
 */
const packed: string = '';

export default packed;
