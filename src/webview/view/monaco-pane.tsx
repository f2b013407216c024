import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Picture } from '../../findings/explorer/picture.js';
import { laneName } from '../model/words.js';
import type { MonacoPaneHandle, MonacoPanes } from '../monaco.js';
import { laneClass } from './badge.js';
import { useExplorer } from './context.js';
import { placesIn } from './source.js';

let loading: Promise<MonacoPanes> | null = null;

/** Loads monaco once, when it is first wanted. Its worker comes from a blob: webviews have no other. */
function load(parts: { script: string; style: string; worker: string }, nonce: string): Promise<MonacoPanes> {
	loading ??= (async () => {
		const style = document.createElement('link');
		style.rel = 'stylesheet';
		style.href = parts.style;
		document.head.append(style);
		const script = document.createElement('script');
		script.src = parts.script;
		script.nonce = nonce;
		const loaded = new Promise<void>((resolve, reject) => {
			script.onload = () => resolve();
			script.onerror = () => reject(new Error('the editor could not be loaded'));
		});
		document.head.append(script);
		const [worker] = await Promise.all([fetch(parts.worker).then((answer) => answer.text()), loaded]);
		const url = URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }));
		globalThis.MonacoEnvironment = { getWorker: () => new Worker(url) };
		if (!globalThis.notifierLabMonaco) throw new Error('the editor could not be loaded');
		return globalThis.notifierLabMonaco;
	})();
	return loading;
}

/** A full editor, read-only, with the threads in its margin. */
export function MonacoPane({
	uri,
	text,
	picture,
}: {
	readonly uri: string;
	readonly text: string;
	readonly picture: Picture;
}) {
	const explorer = useExplorer();
	const place = useRef<HTMLDivElement>(null);
	const pane = useRef<MonacoPaneHandle | null>(null);
	const failed = useSignal('');
	const cursor = explorer.cursor.value;
	const show = () => {
		const { lanes, done, cause } = placesIn(picture, cursor, uri);
		pane.current?.show(
			[...lanes].map(([line, who]) => ({
				line,
				className: laneClass(who[0] ?? 0),
				words: who.map((lane) => laneName(picture, lane)).join(', '),
				now: done?.line === line,
			})),
			cause,
			done?.line ?? [...lanes.keys()][0] ?? null,
		);
	};
	useEffect(() => {
		const parts = explorer.host.monaco;
		if (!parts) return;
		let gone = false;
		load(parts, explorer.host.nonce)
			.then((panes) => {
				if (gone || !place.current) return;
				pane.current = panes.create(place.current, text, (line) => {
					if (explorer.order.value) explorer.pickLine({ uri, line, column: 1, endLine: line, endColumn: 1 });
					else explorer.toLine(uri, line);
				});
				show();
			})
			.catch((error: Error) => {
				failed.value = error.message;
			});
		return () => {
			gone = true;
			pane.current?.dispose();
			pane.current = null;
		};
	}, [uri, text]);
	useEffect(show, [cursor, picture, uri]);
	return failed.value ? <p class="none">{failed.value}</p> : <div class="monaco-pane" ref={place} />;
}
