import type { Picture } from '../../findings/explorer/picture.js';
import { taken } from '../model/taken.js';
import { laneName } from '../model/words.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon, type IconName } from './icons.js';
import { Timeline } from './timeline.js';

interface ControlProps {
	readonly icon: IconName;
	readonly label: string;
	readonly keys: string;
	readonly disabled?: boolean;
	readonly pressed?: boolean;
	run(): void;
}

/** Greyed out with `aria-disabled`, so that the focus is not lost at the end of a run. */
function Control({ icon, label, keys, disabled = false, pressed, run }: ControlProps) {
	return (
		<Button
			class="act"
			aria-label={label}
			title={`${label} (${keys})`}
			aria-disabled={disabled}
			aria-pressed={pressed}
			onClick={() => {
				if (!disabled) run();
			}}
		>
			<Icon name={icon} />
		</Button>
	);
}

export function Transport({ picture }: { readonly picture: Picture }) {
	const explorer = useExplorer();
	const { cursor, playing, speed, watched } = explorer;
	const end = picture.steps.length;
	const atStart = cursor.value === 0;
	const atEnd = cursor.value === end;
	const unwatched = watched.value.size === 0;
	const here = picture.steps[cursor.value - 1];
	const waits = here?.blocked === true ? here : undefined;
	return (
		<div class="transport" role="toolbar" aria-label="Stepping">
			<div class="buttons">
				<Control icon="first" label="Start" keys="Home" disabled={atStart} run={() => explorer.go(0)} />
				<Control icon="back" label="Step back" keys="↑" disabled={atStart} run={() => explorer.step(-1)} />
				<Control
					icon={playing.value ? 'pause' : 'play'}
					label={playing.value ? 'Pause' : 'Play'}
					keys="Space"
					disabled={end === 0}
					run={() => explorer.play()}
				/>
				<Control icon="next" label="Step" keys="↓" disabled={atEnd} run={() => explorer.step(1)} />
				<Control icon="last" label="End" keys="End" disabled={atEnd} run={() => explorer.go(end)} />
				<i class="gap" />
				<Control
					icon="switchBack"
					label="Back to the context switch before"
					keys="⇧ ↑"
					disabled={atStart}
					run={() => explorer.toSwitch(-1)}
				/>
				<Control
					icon="switchNext"
					label="Next context switch"
					keys="⇧ ↓"
					disabled={atEnd}
					run={() => explorer.toSwitch(1)}
				/>
				<i class="gap" />
				<Control
					icon="changeBack"
					label={unwatched ? 'Change before: watch a lock, page or variable first' : 'Change before of what is watched'}
					keys="⇧ C"
					disabled={unwatched || atStart}
					run={() => explorer.toChange(-1)}
				/>
				<Control
					icon="changeNext"
					label={unwatched ? 'Next change: watch a lock, page or variable first' : 'Next change of what is watched'}
					keys="C"
					disabled={unwatched || atEnd}
					run={() => explorer.toChange(1)}
				/>
				{playing.value || speed.value !== 1 ? (
					<Button
						class="act speed"
						title="Speed (+, −)"
						aria-label={`Speed ${speed.value}`}
						onClick={() => {
							if (speed.value === 4) speed.value = 0.5;
							else explorer.faster(1);
						}}
					>
						{speed.value}×
					</Button>
				) : null}
			</div>
			<Timeline picture={picture} />
			<span class="position">
				step <b>{taken(picture, cursor.value)}</b> of {taken(picture)}
				{waits && ` · ${laneName(picture, waits.lane)} waits`}
			</span>
			<div class="keys">
				<span aria-hidden="true">
					<kbd>↑</kbd> <kbd>↓</kbd> step
				</span>
				<span aria-hidden="true">
					<kbd>O</kbd> other way
				</span>
				<Button
					class="act"
					aria-label="All keys"
					title="All keys (?)"
					onClick={() => {
						explorer.helpOpen.value = true;
					}}
				>
					<Icon name="help" />
				</Button>
			</div>
		</div>
	);
}
