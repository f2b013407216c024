import type { Severity } from '../findings/result.js';
import type { Settings, ShownSeverity } from './protocol.js';

const DEFAULTS: Settings = {
	check: { when: 'onType', maxMemoryMB: 1024, oneThreadMore: true },
	environment: 'default',
	findings: { severity: {} },
	codeLens: { enabled: true },
	inlayHints: { enabled: true },
};

/** The words of the settings for severities. */
const SEVERITIES: Readonly<Record<string, ShownSeverity>> = {
	error: 'error',
	warning: 'warning',
	information: 'info',
	info: 'info',
	hint: 'hint',
	off: 'off',
} satisfies Record<string, Severity | 'off'>;

/** Reads the `notifierLab` section of an editor's settings; what is missing or makes no sense has its default. */
export function readSettings(section: unknown): Settings {
	const check = objectIn(section, 'check');
	const limit = (key: 'maxStates' | 'maxSeconds' | 'maxMemoryMB') => {
		const value = check[key];
		return typeof value === 'number' && value > 0 ? { [key]: value } : {};
	};
	const when = check.when;
	const severity: Record<string, ShownSeverity> = {};
	for (const [code, word] of Object.entries(objectIn(objectIn(section, 'findings'), 'severity'))) {
		const known = typeof word === 'string' && Object.hasOwn(SEVERITIES, word) ? SEVERITIES[word] : undefined;
		if (known !== undefined) severity[code] = known;
	}
	return {
		check: {
			...DEFAULTS.check,
			...((when === 'onSave' || when === 'manual') && { when }),
			...limit('maxStates'),
			...limit('maxSeconds'),
			...limit('maxMemoryMB'),
			oneThreadMore: check.oneThreadMore !== false,
		},
		environment: valueIn(section, 'environment') === 'none' ? 'none' : DEFAULTS.environment,
		findings: { severity },
		codeLens: { enabled: objectIn(section, 'codeLens').enabled !== false },
		inlayHints: { enabled: objectIn(section, 'inlayHints').enabled !== false },
	};
}

function valueIn(value: unknown, key: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function objectIn(value: unknown, key: string): Record<string, unknown> {
	const inner = valueIn(value, key);
	return typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
}
