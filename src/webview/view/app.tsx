import { useEffect, useState } from 'preact/hooks';
import type { Picture } from '../../findings/explorer/picture.js';
import { handleKey } from '../model/keys.js';
import { OUTLOOK } from '../model/words.js';
import type { Explorer } from '../store.js';
import { Button } from './button.js';
import { ExplorerContext, useExplorer } from './context.js';
import { Explanation } from './cycle.js';
import { Header } from './header.js';
import { Help } from './help.js';
import { Icon, Verdict } from './icons.js';
import { Lanes } from './lanes.js';
import { Legend } from './legend.js';
import { SourcePane } from './source.js';
import { StatePane } from './state.js';
import { Transport } from './transport.js';

function Notice() {
	const { notice, ...explorer } = useNotice();
	if (!notice) return null;
	const { span } = notice;
	return (
		<div class={`notice ${notice.kind}`} role={notice.kind === 'done' ? 'status' : 'alert'}>
			<Icon name={notice.kind === 'done' ? 'ok' : 'warning'} />
			<span>{notice.message}</span>
			{span && (
				<Button class="link" onClick={() => explorer.open(span)}>
					line {span.line}
				</Button>
			)}
			<Button class="act" aria-label="Dismiss" title="Dismiss" onClick={explorer.dismiss}>
				<Icon name="close" />
			</Button>
		</div>
	);
}

function useNotice() {
	const explorer = useExplorer();
	return {
		notice: explorer.notice.value,
		open: (span: Parameters<Explorer['open']>[0]) => explorer.open(span),
		dismiss: () => {
			explorer.notice.value = null;
		},
	};
}

/** Where this run comes from, when it is not the one that was found. */
function Trail({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const { branchAt, steps, next, ending, verdict } = picture;
	if (branchAt === null) return null;
	const outlook = steps.at(-1)?.outlook ?? 'unknown';
	const first = steps[branchAt];
	const after = first?.outlook ?? outlook;
	return (
		<nav class="trail" aria-label="Branch">
			<Button class="link" title="Back to the found run (F)" onClick={() => explorer.backToFound()}>
				<Icon name="undo" size={14} /> found run
			</Button>
			<Icon name="right" size={12} />
			<span class="here">
				{/* A run that was asked for says what it is; a branch says where it begins. */}
				{/^(the shortest|a saved) /.test(verdict) ? verdict : `branch at step ${branchAt + 1}`}
				<Verdict outlook={after} />
				<span class="dim">{OUTLOOK[after]}</span>
			</span>
			<span class="space" />
			{next.length === 0 && <span class="ending">in the end: {ending}</span>}
			<label class="single">
				<input
					type="checkbox"
					checked={explorer.single.value}
					onChange={(event) => {
						explorer.single.value = event.currentTarget.checked;
					}}
				/>
				one step at a time
			</label>
		</nav>
	);
}

/** Threads that have no column. */
function Quiet({ picture }: { readonly picture: Picture }) {
	const { columns } = useExplorer();
	const quiet = picture.lanes.filter((_, lane) => !columns.value.includes(lane));
	if (quiet.length === 0) return null;
	return (
		<p class="quiet">
			{quiet.map(({ name }) => name).join(', ')} {quiet.length === 1 ? 'does' : 'do'} nothing in this run.
		</p>
	);
}

/** A frame later than the run, which is what a reader waits for. */
function Beside({ picture }: { readonly picture: Picture }) {
	const [due, setDue] = useState(false);
	useEffect(() => setDue(true), []);
	return (
		<aside class="beside" aria-label="State after the step">
			{due && <StatePane picture={picture} />}
			{due && <SourcePane picture={picture} />}
		</aside>
	);
}

function Page({ picture }: { readonly picture: Picture }) {
	const old = useExplorer().old.value === null ? '' : ' old';
	return (
		<>
			<header class={old}>
				<Header picture={picture} />
				<Transport picture={picture} />
			</header>
			<Trail picture={picture} />
			<Notice />
			<div class={`main${old}`}>
				<main class="run" aria-label="Run">
					<Lanes picture={picture} />
					<div class="below">
						<Quiet picture={picture} />
						<Explanation picture={picture} />
						<Legend />
					</div>
				</main>
				<Beside picture={picture} />
			</div>
		</>
	);
}

/** Nothing to show yet, or nothing at all: why. */
function Empty() {
	const explorer = useExplorer();
	const { notice, busy } = explorer;
	return (
		<main class="empty">
			<h1>{notice.value ? 'Nothing to show' : 'One moment'}</h1>
			<p>{notice.value?.message ?? busy.value ?? 'The run is being made …'}</p>
		</main>
	);
}

function Root() {
	const explorer = useExplorer();
	useEffect(() => {
		const keys = (event: KeyboardEvent) => {
			if (event.defaultPrevented || !explorer.picture.value) return;
			if (handleKey(explorer, event)) event.preventDefault();
		};
		document.addEventListener('keydown', keys);
		return () => document.removeEventListener('keydown', keys);
	}, []);
	const picture = explorer.picture.value;
	return (
		<>
			{picture ? <Page picture={picture} /> : <Empty />}
			{explorer.helpOpen.value && <Help />}
			<div class="unseen" aria-live="polite" role="status">
				{explorer.live.value}
			</div>
		</>
	);
}

export function App({ explorer }: { readonly explorer: Explorer }) {
	return (
		<ExplorerContext.Provider value={explorer}>
			<Root />
		</ExplorerContext.Provider>
	);
}
