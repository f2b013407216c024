import { count, lengthOf } from '../../findings/explorer/fold.js';
import type { Picture } from '../../findings/explorer/picture.js';
import type { ExportFormat } from '../messages.js';
import { scenarioWords } from '../model/words.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon, type IconName } from './icons.js';
import { type Item, Menu } from './menu.js';

const ENVIRONMENT = 'No scenario: all runs against invalidations';

const FORMATS: readonly { format: ExportFormat; label: string; hint?: string; apart?: boolean }[] = [
	{ format: 'table', label: 'Copy as mail table' },
	{ format: 'svg', label: 'SVG picture', apart: true },
	{ format: 'png', label: 'PNG picture' },
	{ format: 'mermaid', label: 'Mermaid diagram' },
	{ format: 'json', label: 'Run as JSON', hint: 'replays', apart: true },
	{ format: 'sarif', label: 'SARIF' },
	{ format: 'html', label: 'HTML page', hint: 'offline' },
];

/** Whether the states are all there are. A picture is made when the search has ended: nothing is added to them. */
function extentOf({ complete, findings }: Picture): string {
	if (complete) return 'all of them';
	const limited = findings.some(({ code }) => code === 'bounded');
	return `${limited ? 'a limit was hit' : 'the search stopped at what was found'}: not all of them`;
}

type Look = [tone: string, icon: IconName];

/** What was found: colour, icon and word. */
function Chip({ picture }: { readonly picture: Picture }) {
	const { finding, verdict, branchAt } = picture;
	const found: Record<string, Look> = { error: ['bad', 'error'], warning: ['warn', 'warning'] };
	const plain: Look = ['plain', finding || branchAt === null ? 'info' : 'branch'];
	const good = finding ? finding.expected : branchAt === null && verdict === 'ok';
	const [tone, icon] = good ? (['good', 'ok'] as Look) : (found[finding?.severity ?? ''] ?? plain);
	return (
		<span class={`chip ${tone}`}>
			<Icon name={icon} />
			<b>{finding?.code ?? (branchAt !== null ? 'branch' : verdict)}</b>
			{finding?.expected && <span class="part">as expected</span>}
			<span class="part">{lengthOf(picture)}</span>
			<span class="part" title={extentOf(picture)}>
				{count(picture.statesExplored, 'state')}
			</span>
		</span>
	);
}

interface PickProps {
	readonly label: string;
	readonly value: string;
	readonly options: readonly { value: string; label: string }[];
	readonly title?: string | undefined;
	pick(value: string): void;
}

function Pick({ label, value, options, title, pick }: PickProps) {
	return (
		<span class="pick">
			<select aria-label={label} title={title} value={value} onChange={(event) => pick(event.currentTarget.value)}>
				{options.map((option) => (
					<option key={option.value} value={option.value}>
						{option.label}
					</option>
				))}
			</select>
			<Icon name="down" size={12} />
		</span>
	);
}

const THEMES = [
	['vscode-light', 'Light'],
	['vscode-dark', 'Dark'],
	['vscode-high-contrast', 'High contrast'],
	['vscode-high-contrast vscode-high-contrast-light', 'High contrast light'],
] as const;

export function Header({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const { host, pinned } = explorer;
	const items: Item[] = FORMATS.filter(({ format }) => host.exports.includes(format)).map(
		({ format, label, hint, apart }, at) => ({
			label,
			...(hint ? { hint } : {}),
			...(apart && at > 0 ? { apart } : {}),
			run: () => explorer.export(format),
		}),
	);
	return (
		<div class="head">
			<h1 class="unseen">Notifier Lab explorer</h1>
			<Chip picture={picture} />
			<Pick
				label="Scenario"
				value={picture.scenario}
				options={picture.scenarios.map((name) => ({ value: name, label: scenarioWords(name) }))}
				title={picture.environment ? ENVIRONMENT : undefined}
				pick={(name) => explorer.showRun(name, null)}
			/>
			{picture.findings.length > 1 && (
				<Pick
					label="Finding"
					value={String(picture.shown)}
					options={[
						...(picture.shown < 0 ? [{ value: '-1', label: 'this run' }] : []),
						...picture.findings.map(({ code }, at) => ({
							value: String(at),
							label: `${at + 1} of ${picture.findings.length}: ${code}`,
						})),
					]}
					pick={(index) => explorer.showRun(picture.scenario, Number(index))}
				/>
			)}
			{explorer.old.value && <span class="chip old">of {scenarioWords(explorer.old.value)}</span>}
			{explorer.busy.value && (
				<span class="busy" title={explorer.busy.value}>
					{explorer.busy.value}
				</span>
			)}
			<span class="space" />
			{!host.saved ? (
				<Button
					class="act"
					id="pin"
					aria-pressed={pinned.value}
					title="Pin: stay on this run while the editor moves on (P)"
					onClick={() => explorer.pin()}
				>
					<Icon name="pin" />
					<span class="wide">Pin</span>
				</Button>
			) : (
				<Menu
					id="theme"
					icon="theme"
					title="Colours"
					label="Colours"
					items={THEMES.map(([name, label]) => ({
						label,
						run: () => {
							document.body.className = name;
						},
					}))}
				/>
			)}
			{items.length > 0 && <Menu id="export" icon="share" title="Export (E)" label="Export" items={items} />}
		</div>
	);
}
