import type { ComponentChildren } from 'preact';
import { count, lanesInVain } from '../../findings/explorer/fold.js';
import type { LockState, Picture, State, Variable } from '../../findings/explorer/picture.js';
import { laneName } from '../model/words.js';
import { AddressSpace } from './address.js';
import { Badge } from './badge.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';
import { Unseen } from './unseen.js';

interface SectionProps {
	readonly name: string;
	readonly title: string;
	/** Facts of the section that the step changed. */
	readonly changed?: number;
	readonly aside?: ComponentChildren;
	readonly children: ComponentChildren;
}

export function Section({ name, title, changed, aside, children }: SectionProps) {
	const explorer = useExplorer();
	const open = !explorer.closed.value.has(name);
	return (
		<section class={`section of-${name}`} aria-label={title}>
			<h2>
				<Button aria-expanded={open} onClick={() => explorer.toggleSection(name)}>
					<Icon name="right" size={12} />
					{title}
				</Button>
				{changed !== undefined && changed > 0 && <span class="changed-count">{changed} changed</span>}
				{aside}
			</h2>
			{open && <div class="content">{children}</div>}
		</section>
	);
}

/** An eye that watches a fact; filled while it does. */
export function Watch({ fact, name }: { readonly fact: string; readonly name: string }) {
	const explorer = useExplorer();
	const on = explorer.watched.value.has(fact);
	return (
		<Button
			class="watch"
			aria-pressed={on}
			aria-label={`Watch ${name}`}
			title={on ? `Watched: C goes to its next change` : `Watch ${name}`}
			onClick={() => explorer.toggleWatch(fact)}
		>
			<Icon name="eye" size={14} />
		</Button>
	);
}

export function changedIn(changes: ReadonlyMap<string, string | null>, ...prefixes: string[]): number {
	let number = 0;
	for (const key of changes.keys()) if (prefixes.some((prefix) => key.startsWith(prefix))) number++;
	return number;
}

const Nobody = () => (
	<>
		<span class="dim" aria-hidden="true">
			–
		</span>
		<Unseen>nobody</Unseen>
	</>
);

function Lock({ lock, picture }: { readonly lock: LockState; readonly picture: Picture }) {
	const { changes } = useExplorer();
	const fact = `lock ${lock.name}`;
	const changed = changes.value.has(fact);
	const inVain = lanesInVain(picture);
	const shared = lock.holders.some(({ mode }) => mode === 'shared');
	return (
		<tr class={changed ? 'changed' : ''}>
			<th scope="row">
				<code title={lock.name}>{lock.name}</code>
				{changed && <Unseen>, changed</Unseen>}
			</th>
			<td class="dim">{lock.kind}</td>
			<td>
				{lock.holders.length === 0 ? (
					<Nobody />
				) : (
					lock.holders.map(({ lane }) => <Badge key={lane} lane={lane} named />)
				)}
				<Unseen>{lock.holders.map(({ lane }) => laneName(picture, lane)).join(', ')}</Unseen>
				{shared && <span class="dim"> read</span>}
			</td>
			<td>
				{lock.waiters.length === 0 ? (
					<Nobody />
				) : (
					lock.waiters.map(({ lane, forEver }) => (
						<span key={lane} class="waiter" title={forEver ? 'waits for ever' : 'waits'}>
							<i class={`sample wait${forEver && inVain.has(lane) ? ' for-ever' : ''}`} />
							<Badge lane={lane} named />
							<Unseen>
								{laneName(picture, lane)}
								{forEver ? ' for ever' : ''}
							</Unseen>
						</span>
					))
				)}
			</td>
			<td class="tool">
				<Watch fact={fact} name={lock.name} />
			</td>
		</tr>
	);
}

function Locks({ state, picture }: { readonly state: State; readonly picture: Picture }) {
	const { changes } = useExplorer();
	// A lock that nobody has or wants is worth a line only when that is news.
	const shown = state.locks.filter(
		({ name, holders, waiters }) => holders.length > 0 || waiters.length > 0 || changes.value.has(`lock ${name}`),
	);
	return (
		<Section name="locks" title="Locks and ranges" changed={changedIn(changes.value, 'lock ')}>
			{shown.length === 0 ? (
				<p class="none">Nobody holds a lock.</p>
			) : (
				<table class="facts locks" aria-label="Locks and ranges">
					<thead>
						<tr>
							<th scope="col">what</th>
							<th scope="col">
								<Unseen>kind</Unseen>
							</th>
							<th scope="col">held by</th>
							<th scope="col">waiting</th>
							<th scope="col" class="tool">
								<Unseen>watch</Unseen>
							</th>
						</tr>
					</thead>
					<tbody>
						{shown.map((lock) => (
							<Lock key={lock.name} lock={lock} picture={picture} />
						))}
					</tbody>
				</table>
			)}
		</Section>
	);
}

/** Paths of variables with a change below them. */
function deep(variables: readonly Variable[], changes: ReadonlyMap<string, string | null>, into: Set<string>): boolean {
	let any = false;
	for (const variable of variables) {
		const below = deep(variable.children ?? [], changes, into);
		if (below) into.add(variable.path);
		any = any || below || changes.has(`variable ${variable.path}`);
	}
	return any;
}

interface RowProps {
	readonly variable: Variable;
	readonly depth: number;
	readonly below: ReadonlySet<string>;
	/** The function that it is a local of, where the name alone does not say. */
	readonly of?: string;
}

function VariableRow({ variable, depth, below, of = '' }: RowProps) {
	const explorer = useExplorer();
	const fact = `variable ${variable.path}`;
	const changes = explorer.changes.value;
	const changed = changes.has(fact);
	const before = changes.get(fact);
	const children = variable.children ?? [];
	const open = explorer.unfolded.value.has(`v${variable.path}`) || below.has(variable.path);
	return (
		<>
			<tr class={changed ? 'changed' : below.has(variable.path) ? 'changed below' : ''}>
				<th scope="row" style={`padding-left: ${12 + depth * 12}px`}>
					{children.length > 0 ? (
						<Button
							class="fold"
							aria-expanded={open}
							onClick={() => {
								const unfolded = new Set(explorer.unfolded.value);
								if (!unfolded.delete(`v${variable.path}`)) unfolded.add(`v${variable.path}`);
								explorer.unfolded.value = unfolded;
							}}
						>
							<Icon name="right" size={12} />
							<code>{variable.name}</code>
						</Button>
					) : (
						<code>
							{variable.name}
							{of && <span class="dim"> {of}</span>}
						</code>
					)}
				</th>
				<td>
					<code>
						{changed && before !== null && before !== undefined && <span class="was">{before} → </span>}
						{changed ? <b>{variable.value}</b> : variable.value}
					</code>
					{changed && <Unseen> changed</Unseen>}
				</td>
				<td class="tool">
					<Watch fact={fact} name={variable.path} />
				</td>
			</tr>
			{open &&
				children.map((child) => <VariableRow key={child.path} variable={child} depth={depth + 1} below={below} />)}
		</>
	);
}

interface TableProps {
	readonly variables: readonly Variable[];
	readonly below: ReadonlySet<string>;
	readonly label: string;
}

/** `once` for a local `A.once.start` beside another `start`. */
function functionOf(variable: Variable, all: readonly Variable[]): string {
	if (all.filter(({ name }) => name === variable.name).length < 2) return '';
	const parts = variable.path.split('.');
	// `A.start` is a local of the thread's own function.
	return parts.length > 2 ? (parts.at(-2) ?? '') : '';
}

function Variables({ variables, below, label }: TableProps) {
	return (
		<table class="facts variables" aria-label={label}>
			<tbody>
				{variables.map((variable) => (
					<VariableRow
						key={variable.path}
						variable={variable}
						depth={0}
						below={below}
						of={functionOf(variable, variables)}
					/>
				))}
			</tbody>
		</table>
	);
}

interface OfLaneProps {
	readonly lane: number;
	readonly variables: readonly Variable[];
	readonly below: ReadonlySet<string>;
}

/** What a thread has of its own, under its name and what it is doing. */
function OfLane({ lane, variables, below }: OfLaneProps) {
	const explorer = useExplorer();
	const name = explorer.picture.value?.lanes[lane]?.name ?? '';
	const status = explorer.state.value?.lanes[lane]?.status;
	const changed = explorer.changes.value.has(`thread ${lane}`);
	return (
		<div class="of-lane">
			<h3>
				<Badge lane={lane} outline small named />
				<span>{name}</span>
				<span class={changed ? 'news' : 'dim'}>{status}</span>
			</h3>
			<Variables variables={variables} below={below} label={`Locals of ${name}`} />
		</div>
	);
}

function AllVariables({ state, picture }: { readonly state: State; readonly picture: Picture }) {
	const explorer = useExplorer();
	const changes = explorer.changes.value;
	const below = new Set<string>();
	deep(state.variables, changes, below);
	const touched = (list: readonly Variable[]) =>
		list.filter((variable) => changes.has(`variable ${variable.path}`) || below.has(variable.path)).length;
	const pick = (test: (variable: Variable) => boolean) => state.variables.filter(test);
	const sequences = pick(({ kind }) => kind === 'sequence');
	const globals = pick(({ kind, kernel }) => kind === 'global' && !kernel);
	const kernel = pick(({ kind, kernel: own, lane }) => kind !== 'sequence' && own && lane === null);
	const lanes = picture.lanes
		.map((lane, at) => ({
			lane,
			at,
			own: pick(({ lane: of, kind, kernel: inner }) => of === at && kind === 'local' && !inner),
			inside: pick(({ lane: of, kind, kernel: inner }) => of === at && kind === 'local' && inner),
		}))
		.filter(({ own, inside }) => own.length > 0 || inside.length > 0);
	return (
		<>
			{sequences.length > 0 && (
				<Section name="sequences" title="Sequence numbers" changed={touched(sequences)}>
					<Variables variables={sequences} below={below} label="Sequence numbers" />
				</Section>
			)}
			{(globals.length > 0 || lanes.some(({ own }) => own.length > 0)) && (
				<Section name="variables" title="Variables" changed={touched([...globals, ...lanes.flatMap(({ own }) => own)])}>
					{globals.length > 0 && <Variables variables={globals} below={below} label="Globals" />}
					{lanes.map(
						({ lane, at, own }) => own.length > 0 && <OfLane key={lane.name} lane={at} variables={own} below={below} />,
					)}
				</Section>
			)}
			{(kernel.length > 0 || lanes.some(({ inside }) => inside.length > 0)) && (
				<Section
					name="kernel"
					title="Inside the kernel"
					changed={touched([...kernel, ...lanes.flatMap(({ inside }) => inside)])}
				>
					{kernel.length > 0 && (
						<Variables variables={kernel} below={below} label="Variables of the simulated kernel" />
					)}
					{lanes.map(
						({ lane, at, inside }) =>
							inside.length > 0 && <OfLane key={lane.name} lane={at} variables={inside} below={below} />,
					)}
				</Section>
			)}
		</>
	);
}

function Jobs({ state }: { readonly state: State }) {
	const { changes } = useExplorer();
	if (state.jobs.length === 0) return null;
	return (
		<Section name="jobs" title="Jobs and fences" changed={changedIn(changes.value, 'job ')}>
			<table class="facts variables" aria-label="Jobs and fences">
				<tbody>
					{state.jobs.map((job) => (
						<tr key={job.name} class={changes.value.has(`job ${job.name}`) ? 'changed' : ''}>
							<th scope="row">
								<code>{job.name}</code>
							</th>
							<td class={job.stale ? 'bad' : ''}>
								{job.state}
								{job.stale && `: ${job.stale}`}
							</td>
							<td class="tool">
								<Watch fact={`job ${job.name}`} name={job.name} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</Section>
	);
}

/** Everything there is after the step under the cursor. */
export function StatePane({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const state = explorer.state.value;
	if (!state) {
		return <p class="none loading">{`The state after ${count(explorer.cursor.value, 'step')} is on its way …`}</p>;
	}
	return (
		<>
			{picture.pages > 0 && (state.cpu.length > 0 || state.devices.length > 0) && (
				<AddressSpace state={state} picture={picture} />
			)}
			<Locks state={state} picture={picture} />
			<Jobs state={state} />
			<AllVariables state={state} picture={picture} />
		</>
	);
}
