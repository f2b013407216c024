/** Files that the build takes in as text: the simulated kernel and the manual. */
declare module '*.mmn' {
	const text: string;
	export default text;
}

declare module '*.md' {
	const text: string;
	export default text;
}

/** Parts of monaco that are imported for what they register. */
declare module 'monaco-editor/editor/contrib/*';
