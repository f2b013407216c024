/** Code with the prefix that all names of the notifier API share set back. */

const PREFIX = /^((?:__)?mmu_(?:notifier|interval)_)(?=\w)/;

export function Code({ text }: { readonly text: string }) {
	const prefix = PREFIX.exec(text)?.[1];
	if (!prefix) return <>{text}</>;
	return (
		<>
			<span class="prefix">{prefix}</span>
			{text.slice(prefix.length)}
		</>
	);
}

/** A sentence of the engine, with the names of threads and locks in it set off. */
export function Sentence({ text, lanes, names }: { text: string; lanes: readonly string[]; names: readonly string[] }) {
	const literally = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
	const words = [...lanes, ...names].filter((word) => word !== '').sort((a, b) => b.length - a.length);
	if (words.length === 0) return <>{text}</>;
	const pattern = new RegExp(`((?<![\\w>/])(?:${words.map(literally).join('|')})(?![\\w/]))`);
	return (
		<>
			{text.split(pattern).map((part, at) => {
				if (at % 2 === 0) return part;
				return lanes.includes(part) ? <b key={at}>{part}</b> : <code key={at}>{part}</code>;
			})}
		</>
	);
}
