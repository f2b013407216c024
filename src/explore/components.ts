import type { Graph } from './graph.js';

/**
 * Strongly connected components (Tarjan, iterative), numbered in reverse topological order:
 * every edge leads to the same or a smaller number. States that were not expanded have no edges.
 */
export function components(graph: Graph): Int32Array {
	const { count, expanded } = graph;
	const component = new Int32Array(count).fill(-1);
	const low = new Int32Array(count);
	const order = new Int32Array(count).fill(-1);
	const next = new Int32Array(count);
	const stack: number[] = [];
	const path: number[] = [];
	let orders = 0;
	let comps = 0;
	for (let root = 0; root < count; root++) {
		if ((order[root] as number) >= 0) continue;
		path.push(root);
		while (path.length > 0) {
			const s = path[path.length - 1] as number;
			if ((order[s] as number) < 0) {
				order[s] = low[s] = orders++;
				stack.push(s);
				next[s] = s < expanded ? graph.edges(s).from : 0;
			}
			const end = s < expanded ? graph.edges(s).to : 0;
			let descended = false;
			while ((next[s] as number) < end) {
				const edge = next[s] as number;
				next[s] = edge + 1;
				const t = graph.target(edge);
				if (t < 0) continue;
				if ((order[t] as number) < 0) {
					path.push(t);
					descended = true;
					break;
				}
				if ((component[t] as number) < 0) low[s] = Math.min(low[s] as number, order[t] as number);
			}
			if (descended) continue;
			path.pop();
			if (low[s] === order[s]) {
				for (;;) {
					const t = stack.pop() as number;
					component[t] = comps;
					if (t === s) break;
				}
				comps++;
			}
			const parent = path[path.length - 1];
			if (parent !== undefined) low[parent] = Math.min(low[parent] as number, low[s] as number);
		}
	}
	return component;
}
