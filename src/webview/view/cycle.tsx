/** The wait-for cycle as a picture and as a sentence; for starvation the sentence, and what would end it. */

import type { Picture, Wait } from '../../findings/explorer/picture.js';
import type { Span } from '../../findings/result.js';
import { type Chain, chainOf } from '../model/cycle.js';
import { laneName } from '../model/words.js';
import { laneClass, letters } from './badge.js';
import { Button } from './button.js';
import { Sentence } from './code.js';
import { useExplorer } from './context.js';
import { Verdict } from './icons.js';
import { Unseen } from './unseen.js';

const CHARACTER = 7.3;
const BOX = 30;
const SMALL = 6.4;

interface Node {
	readonly lane: number;
	/** Its name where the letter is not all of it, and what it has that another waits for. */
	readonly text: string;
	readonly x: number;
	readonly y: number;
	readonly width: number;
}

interface Edge {
	readonly wait: Wait;
	readonly path: string;
	readonly head: string;
	readonly x: number;
	readonly y: number;
	readonly anchor: 'start' | 'middle' | 'end';
}

interface Drawing {
	readonly nodes: readonly Node[];
	readonly edges: readonly Edge[];
	readonly width: number;
	readonly height: number;
}

const head = {
	right: (x: number, y: number) => `M${x} ${y}l-9-5.5v11Z`,
	left: (x: number, y: number) => `M${x} ${y}l9-5.5v11Z`,
	down: (x: number, y: number) => `M${x} ${y}l-5.5-9h11Z`,
	up: (x: number, y: number) => `M${x} ${y}l-5.5 9h11Z`,
};

const words = (wait: Wait) => `waits for ${wait.what}`;

function boxOf(chain: Chain, picture: Picture, lane: number): { text: string; width: number } {
	const name = laneName(picture, lane);
	const wanted = chain.waits.find(({ to }) => to === lane);
	const holds = wanted?.queued ? `queues for ${wanted.what}` : (wanted?.what ?? '');
	const text = [name.length > 1 ? name : '', holds].filter((word) => word !== '').join('  ');
	return { text, width: 36 + text.length * CHARACTER + (text === '' ? -4 : 8) };
}

/** One thread that waits for what it has itself. */
function alone(chain: Chain, picture: Picture): Drawing {
	const [wait] = chain.waits;
	const lane = chain.lanes[0] ?? 0;
	const box = boxOf(chain, picture, lane);
	const node: Node = { lane, ...box, x: 2, y: 34 };
	if (!wait) return { nodes: [node], edges: [], width: box.width + 4, height: 70 };
	const right = 2 + box.width - 18;
	const edge: Edge = {
		wait,
		path: `M${right} 34v-10a10 10 0 0 0-10-10H32a10 10 0 0 0-10 10v2`,
		head: head.down(22, 33),
		x: 2 + box.width + 14,
		y: 53,
		anchor: 'start',
	};
	return { nodes: [node], edges: [edge], width: box.width + 30 + words(wait).length * SMALL, height: 68 };
}

/** Two threads: there and back. An open chain of any length runs in one line. */
function line(chain: Chain, picture: Picture): Drawing {
	const nodes: Node[] = [];
	let x = 2;
	const y = 22;
	for (const [at, lane] of chain.lanes.entries()) {
		const box = boxOf(chain, picture, lane);
		nodes.push({ lane, ...box, x, y });
		const wait = chain.waits[at];
		x += box.width + Math.max(64, (wait ? words(wait).length : 0) * SMALL + 34);
	}
	const edges = chain.waits.flatMap((wait, at): Edge[] => {
		const from = nodes[at];
		const to = nodes[(at + 1) % nodes.length];
		if (!from || !to) return [];
		if (at + 1 < nodes.length) {
			const middle = y + BOX / 2;
			const start = from.x + from.width;
			return [
				{
					wait,
					path: `M${start} ${middle}H${to.x - 9}`,
					head: head.right(to.x - 1, middle),
					x: (start + to.x - 8) / 2,
					y: middle - 7,
					anchor: 'middle',
				},
			];
		}
		const right = from.x + from.width / 2;
		const left = to.x + to.width / 2;
		const path = `M${right} ${y + BOX}v10a12 12 0 0 1-12 12H${left + 12}a12 12 0 0 1-12-12v-1`;
		return [{ wait, path, head: head.up(left, y + BOX + 1), x: (left + right) / 2, y: y + BOX + 16, anchor: 'middle' }];
	});
	const last = nodes.at(-1);
	return { nodes, edges, width: (last ? last.x + last.width : 0) + 2, height: y + BOX + (chain.closed ? 26 : 4) };
}

/** Three and more: a ring in two rows, clockwise. */
function ring(chain: Chain, picture: Picture): Drawing {
	const { lanes, waits } = chain;
	const across = Math.ceil(lanes.length / 2);
	const boxes = lanes.map((lane) => ({ lane, ...boxOf(chain, picture, lane) }));
	const columnOf = (at: number) => (at < across ? at : 2 * across - 1 - at);
	const widths = Array.from({ length: across }, (_, column) =>
		Math.max(...boxes.filter((_, at) => columnOf(at) === column).map(({ width }) => width)),
	);
	const longest = Math.max(...waits.map((wait) => words(wait).length)) * SMALL + 34;
	const left = (column: number) => widths.slice(0, column).reduce((sum, width) => sum + width + longest, 2);
	const rows = [8, 86];
	const nodes: Node[] = boxes.map((box, at) => {
		const column = columnOf(at);
		return { ...box, x: left(column) + ((widths[column] ?? 0) - box.width) / 2, y: rows[at < across ? 0 : 1] ?? 0 };
	});
	const edges = waits.flatMap((wait, at): Edge[] => {
		const from = nodes[at];
		const to = nodes[(at + 1) % nodes.length];
		if (!from || !to) return [];
		const middle = from.y + BOX / 2;
		const text = { y: middle - 7, anchor: 'middle' as const };
		if (at + 1 === nodes.length) {
			const x = to.x + to.width / 2;
			const straight = Math.abs(from.x + from.width / 2 - x) < 2;
			const path = straight
				? `M${x} ${from.y}V${to.y + BOX + 9}`
				: `M${from.x} ${middle}H${x + 10}a10 10 0 0 1-10-10V${to.y + BOX + 9}`;
			return [
				{ wait, path, head: head.up(x, to.y + BOX + 1), x: x + 10, y: (to.y + BOX + from.y) / 2 + 4, anchor: 'start' },
			];
		}
		if (at + 1 === across) {
			const x = from.x + from.width / 2;
			return [
				{
					wait,
					path: `M${x} ${from.y + BOX}V${to.y - 9}`,
					head: head.down(x, to.y - 1),
					x: x - 10,
					y: (from.y + BOX + to.y) / 2 + 4,
					anchor: 'end',
				},
			];
		}
		if (at < across) {
			const start = from.x + from.width;
			return [
				{
					wait,
					path: `M${start} ${middle}H${to.x - 9}`,
					head: head.right(to.x - 1, middle),
					x: (start + to.x - 8) / 2,
					...text,
				},
			];
		}
		const end = to.x + to.width;
		return [
			{
				wait,
				path: `M${from.x} ${middle}H${end + 9}`,
				head: head.left(end + 1, middle),
				x: (from.x + end + 8) / 2,
				...text,
			},
		];
	});
	return { nodes, edges, width: left(across) - longest + 2, height: 124 };
}

/** The same below each other, for a narrow page; a cycle comes back along the left. */
function upright(chain: Chain, picture: Picture): Drawing {
	const nodes: Node[] = chain.lanes.map((lane, at) => ({
		lane,
		...boxOf(chain, picture, lane),
		x: 24,
		y: 4 + at * (BOX + 42),
	}));
	const edges = chain.waits.flatMap((wait, at): Edge[] => {
		const from = nodes[at];
		const to = nodes[(at + 1) % nodes.length];
		if (!from || !to) return [];
		const x = from.x + 22;
		if (at + 1 < nodes.length)
			return [
				{
					wait,
					path: `M${x} ${from.y + BOX}V${to.y - 9}`,
					head: head.down(x, to.y - 1),
					x: x + 12,
					y: from.y + BOX + 25,
					anchor: 'start',
				},
			];
		const middle = to.y + BOX / 2;
		const path = `M${x} ${from.y + BOX}v6a10 10 0 0 1-10 10H14a10 10 0 0 1-10-10V${middle + 10}a10 10 0 0 1 10-10h2`;
		return [{ wait, path, head: head.right(to.x - 1, middle), x: x + 12, y: from.y + BOX + 16, anchor: 'start' }];
	});
	const width = Math.max(
		...nodes.map((node) => node.x + node.width),
		...edges.map(({ x, wait }) => x + words(wait).length * SMALL),
	);
	return { nodes, edges, width: width + 4, height: (nodes.at(-1)?.y ?? 0) + BOX + (chain.closed ? 20 : 4) };
}

/** What is still to come at the cursor. */
function pending(picture: Picture, wait: Wait, cursor: number): boolean {
	const state = picture.states[cursor];
	return Boolean(state && !state.lanes[wait.from]?.waitsFor);
}

function Diagram({ picture, drawing, name }: { picture: Picture; drawing: Drawing; name: string }) {
	const { cursor } = useExplorer();
	const { nodes, edges, width, height } = drawing;
	const signs = letters(picture.lanes);
	return (
		<svg class={`diagram ${name}`} width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
			{edges.map(({ wait, path, head: tip, x, y, anchor }) => (
				<g key={`${wait.from} ${wait.to}`} class={pending(picture, wait, cursor.value) ? 'edge later' : 'edge'}>
					<path class="line" d={path} />
					<path class="tip" d={tip} />
					<text x={x} y={y} text-anchor={anchor}>
						{words(wait)}
						{nodes.length === 1 ? ', which it has itself' : ''}
					</text>
				</g>
			))}
			{nodes.map((node) => (
				<g key={node.lane} class={laneClass(node.lane)}>
					<rect
						class="box"
						x={node.x}
						y={node.y}
						width={node.width}
						height={BOX}
						rx={node.lane % 2 === 0 ? BOX / 2 : 3}
					/>
					<rect class="sign" x={node.x + 8} y={node.y + 7} width="16" height="16" rx={node.lane % 2 === 0 ? 8 : 2} />
					<text class="letter" x={node.x + 16} y={node.y + 19} text-anchor="middle">
						{signs[node.lane]}
					</text>
					<text class="mono" x={node.x + 32} y={node.y + 19}>
						{node.text}
					</text>
				</g>
			))}
		</svg>
	);
}

function Diagrams({ chain, picture }: { readonly chain: Chain; readonly picture: Picture }) {
	const wide = chain.lanes.length === 1 ? alone : chain.closed && chain.lanes.length > 2 ? ring : line;
	return (
		<div class="diagrams">
			<Diagram picture={picture} drawing={wide(chain, picture)} name="across" />
			<Diagram
				picture={picture}
				drawing={(chain.lanes.length === 1 ? alone : upright)(chain, picture)}
				name="upright"
			/>
		</div>
	);
}

function LineLink({ span, picture }: { readonly span: Span; readonly picture: Picture }) {
	const explorer = useExplorer();
	const file = explorer.isInvented(span.uri)
		? ' of the environment'
		: span.uri === picture.file
			? ''
			: ` of ${span.uri.replace(/^.*\//, '')}`;
	return (
		<Button class="link" title="Show this line" onClick={() => explorer.open(span)}>
			line {span.line}
			{file}
		</Button>
	);
}

/** The places of each wait: where it waits, and where what it waits for was taken. */
function Places({ chain, picture }: { readonly chain: Chain; readonly picture: Picture }) {
	return (
		<ul class="places">
			{chain.waits.map((wait) => (
				<li key={wait.from}>
					<b>{laneName(picture, wait.from)}</b> waits
					{wait.waits && (
						<>
							{' '}
							in <LineLink span={wait.waits} picture={picture} />
						</>
					)}
					{wait.taken && (
						<>
							{'; '}
							<b>{laneName(picture, wait.to)}</b> has it since <LineLink span={wait.taken} picture={picture} />
						</>
					)}
				</li>
			))}
		</ul>
	);
}

export function Explanation({ picture }: { readonly picture: Picture }) {
	const { finding, waits, lanes } = picture;
	const chain = chainOf(waits);
	if (!finding && !chain) return null;
	const names = waits.map(({ what }) => what);
	return (
		<section class={chain ? 'explanation' : 'explanation no-cycle'} aria-label="What happens">
			{chain && <Diagrams chain={chain} picture={picture} />}
			<div class="sentences">
				{finding && (
					<p>
						<Sentence text={finding.closing} lanes={lanes.map(({ name }) => name)} names={names} />
					</p>
				)}
				{chain && <Places chain={chain} picture={picture} />}
				{finding && finding.fairness.length > 0 && (
					<ul class="fairness" aria-label="Does it end?">
						<li class="lead">it ends with</li>
						{finding.fairness.map(({ name, ends }) => (
							<li key={name}>
								<Verdict outlook={ends ? 'well' : 'badly'} />
								{name}
								<Unseen>: {ends ? 'yes' : 'no'}</Unseen>
							</li>
						))}
					</ul>
				)}
			</div>
		</section>
	);
}
