import type { Picture, SavedRun } from './picture.js';

/** The run of a picture, to be kept. */
export function savedRunOf(picture: Picture): SavedRun {
	return {
		version: 1,
		tool: 'notifier-lab',
		file: picture.file,
		scenario: picture.scenario,
		code: picture.finding?.code ?? null,
		steps: picture.steps
			.filter((s) => s.moves)
			.map(({ lane, choice, text, span }) => ({
				thread: picture.lanes[lane]?.name ?? '',
				choice,
				text,
				line: span.line,
			})),
	};
}
