/** The wait-for cycle as a picture and as a sentence; for starvation the sentence, and what would end it. */

import type { Picture, Wait } from '../../findings/explorer/picture.js';
import type { Span } from '../../findings/result.js';
import { type Chain, chainOf } from '../model/cycle.js';
import { laneName } from '../model/words.js';
import { laneClass, letters } from './badge.js';
import { Sentence } from './code.js';
import { useExplorer } from './context.js';
import { Verdict } from './icons.js';

const CHARACTER = 7.3;
const BOX = 30;

interface Node {
	readonly lane: number;
	/** What it has that the one before waits for. */
	readonly holds: string;
	readonly x: number;
	readonly y: number;
	readonly width: number;
}

function boxes(chain: Chain, picture: Picture, upright: boolean): { nodes: Node[]; width: number; height: number } {
	const nodes: Node[] = [];
	let along = upright ? 4 : 2;
	let across = 0;
	chain.lanes.forEach((lane, at) => {
		const holds = chain.waits.find(({ to }) => to === lane)?.what ?? '';
		const name = laneName(picture, lane);
		const text = [name.length > 1 ? name : '', holds].filter((word) => word !== '').join('  ');
		const width = 36 + text.length * CHARACTER + (text === '' ? 0 : 8);
		const what = chain.waits[at]?.what ?? '';
		if (upright) {
			nodes.push({ lane, holds: text, x: 26, y: along, width });
			along += BOX + 44;
			across = Math.max(across, 26 + width, 26 + 40 + (`waits for ${what}`.length * CHARACTER - 10));
		} else {
			nodes.push({ lane, holds: text, x: along, y: chain.closed ? 32 : 12, width });
			along += width + Math.max(72, `waits for ${what}`.length * 6.8 + 36);
		}
	});
	const last = nodes.at(-1);
	if (upright) return { nodes, width: across + 4, height: (last?.y ?? 0) + BOX + (chain.closed ? 26 : 6) };
	return { nodes, width: (last ? last.x + last.width : 0) + 4, height: chain.closed ? 94 : 54 };
}

/** Which parts of the picture are still to come at the cursor. */
function pending(picture: Picture, wait: Wait, cursor: number): boolean {
	const state = picture.states[cursor];
	return Boolean(state && !state.lanes[wait.from]?.waitsFor);
}

function Diagram({ chain, picture, upright }: { chain: Chain; picture: Picture; upright: boolean }) {
	const { cursor } = useExplorer();
	const { nodes, width, height } = boxes(chain, picture, upright);
	const signs = letters(picture.lanes);
	const middle = (node: Node) => node.y + BOX / 2;
	const edge = (wait: Wait, from: Node, to: Node, at: number) => {
		const later = pending(picture, wait, cursor.value) ? ' later' : '';
		const back = at === nodes.length - 1;
		const words = `waits for ${wait.what}`;
		let path: string;
		let head: string;
		let text: { x: number; y: number; anchor: 'start' | 'middle' };
		if (upright) {
			const x = from.x + 24;
			if (!back) {
				path = `M${x} ${from.y + BOX}V${to.y - 9}`;
				head = `M${x} ${to.y - 1}l-5.500-9.500h11Z`;
				text = { x: x + 12, y: from.y + BOX + 27, anchor: 'start' };
			} else {
				path = `M${x} ${from.y + BOX}v8a8 8 0 0 1-8 8H16a12 12 0 0 1-12-12V${middle(to) + 12}a12 12 0 0 1 12-12h1`;
				head = `M${to.x - 1} ${middle(to)}l-9.500-5.500v11Z`;
				text = { x: x + 12, y: from.y + BOX + 19, anchor: 'start' };
			}
		} else if (!back) {
			path = `M${from.x + from.width} ${middle(from)}H${to.x - 9}`;
			head = `M${to.x - 1} ${middle(to)}l-9.500-5.500v11Z`;
			text = { x: (from.x + from.width + to.x - 6) / 2, y: middle(from) - 7, anchor: 'middle' };
		} else {
			const right = from.x + from.width / 2;
			const left = to.x + to.width / 2;
			path = `M${right} ${from.y + BOX}v8a12 12 0 0 1-12 12H${left + 12}a12 12 0 0 1-12-12v-1`;
			head = `M${left} ${to.y + BOX + 1}l-5.500 9.500h11Z`;
			text = { x: (left + right) / 2, y: from.y + BOX + 14, anchor: 'middle' };
		}
		return (
			<g key={`${wait.from}-${wait.to}`} class={`edge${later}`}>
				<path class="line" d={path} />
				<path class="head" d={head} />
				<text x={text.x} y={text.y} text-anchor={text.anchor}>
					{words}
				</text>
			</g>
		);
	};
	return (
		<svg
			class={upright ? 'diagram upright' : 'diagram across'}
			width={width}
			height={height}
			viewBox={`0 0 ${width} ${height}`}
			aria-hidden="true"
		>
			{chain.lanes.length === 1 && nodes[0] ? (
				<g class="edge">
					<path
						class="line"
						d={`M${nodes[0].x + nodes[0].width - 20} ${nodes[0].y}v-8a10 10 0 0 0-10-10H${nodes[0].x + 30}a10 10 0 0 0-10 10v0`}
					/>
					<path class="head" d={`M${nodes[0].x + 20} ${nodes[0].y - 1}l-5.500-9.500h11Z`} />
					<text
						x={nodes[0].x}
						y={nodes[0].y + BOX + 18}
					>{`waits for ${chain.waits[0]?.what ?? ''}, which it has itself`}</text>
				</g>
			) : (
				chain.waits.map((wait, at) => {
					const from = nodes[chain.lanes.indexOf(wait.from)];
					const to = nodes[chain.lanes.indexOf(wait.to)];
					return from && to ? edge(wait, from, to, at) : null;
				})
			)}
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
						{node.holds}
					</text>
				</g>
			))}
		</svg>
	);
}

function LineLink({ span, words }: { readonly span: Span; readonly words: string }) {
	const explorer = useExplorer();
	return (
		<button type="button" class="link" title="Show this line" onClick={() => explorer.open(span)}>
			{words} {span.line}
		</button>
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
							in <LineLink span={wait.waits} words="line" />
						</>
					)}
					{wait.taken && (
						<>
							{'; '}
							<b>{laneName(picture, wait.to)}</b> has it since <LineLink span={wait.taken} words="line" />
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
			{chain && (
				<div class="diagrams">
					<Diagram chain={chain} picture={picture} upright={false} />
					<Diagram chain={chain} picture={picture} upright />
				</div>
			)}
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
								<span class="unseen">: {ends ? 'yes' : 'no'}</span>
							</li>
						))}
					</ul>
				)}
			</div>
		</section>
	);
}
