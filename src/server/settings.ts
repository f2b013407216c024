import type { Settings } from './protocol.js';

const DEFAULTS: Settings = {
	check: { when: 'onType', maxStates: 2_000_000, maxSeconds: 60, maxMemoryMB: 1024 },
};

/** Reads the `notifierLab` section of an editor's settings; what is missing or makes no sense has its default. */
export function readSettings(section: unknown): Settings {
	const check = objectIn(section, 'check');
	const number = (key: 'maxStates' | 'maxSeconds' | 'maxMemoryMB') => {
		const value = check[key];
		return typeof value === 'number' && value > 0 ? value : DEFAULTS.check[key];
	};
	const when = check.when;
	return {
		check: {
			when: when === 'onSave' || when === 'manual' ? when : DEFAULTS.check.when,
			maxStates: number('maxStates'),
			maxSeconds: number('maxSeconds'),
			maxMemoryMB: number('maxMemoryMB'),
		},
	};
}

function objectIn(value: unknown, key: string): Record<string, unknown> {
	if (typeof value !== 'object' || value === null) return {};
	const inner = (value as Record<string, unknown>)[key];
	return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
}
