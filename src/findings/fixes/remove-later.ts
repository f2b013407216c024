import {
	type Call,
	type FunctionDecl,
	isMember,
	isNameRef,
	isStructDef,
	type StructDef,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { allOf, callsOf, nameOf, parameterOf, statementOf } from '../text/sketch.js';
import { aboveComment, Edits, eolOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const REMOVES = /^mmu_(interval_notifier_remove|notifier_unregister)$/;
const JOINS = /^(__)?mmu_(interval_)?notifier_(insert|register)(_locked)?$/;

/**
 * A notifier that is removed in a callback: removal waits for that callback. A work item removes it, for which the
 * callback does not wait (amdkfd: schedule_deferred_list_work(), drivers/gpu/drm/amd/amdkfd/kfd_svm.c).
 */
export const removeLater: Fixer = ({ functions, program, blamed }) =>
	/removed in a callback|to a work item/.test(blamed.message)
		? functions.flatMap((f) => callsOf(f, REMOVES).flatMap((call) => later(program, f, call)))
		: [];

function later(program: Program, f: FunctionDecl, call: Call): Fix[] {
	const at = statementOf(call);
	const found = ownerOf(program, f, call);
	if (!at || !found) return [];
	const { struct, field, pointer } = found;
	const name = `${struct.name}_remove_work`;
	const joins = callsOf(program.root, JOINS).flatMap((join) => {
		const target = join.arguments[0] && new RegExp(`^&(.+)(->|\\.)${field}$`).exec(sourceText(join.arguments[0]));
		const statement = statementOf(join);
		return target && statement ? [{ statement, work: `&${target[1]}${target[2]}remove_work` }] : [];
	});
	const last = struct.fields.at(-1);
	if (joins.length === 0 || last === undefined || program.functions.has(name)) return [];
	if (struct.fields.some((d) => d.fields.some((n) => n.name === 'remove_work'))) return [];
	const own = pointer ?? struct.name?.split('_').at(-1) ?? '';
	if (pointer === undefined && new RegExp(`\\b${own}\\b`).test(sourceText(f))) return [];
	const notifier = `${own}->${field}`;
	const mm = nameOf(call) === 'mmu_notifier_unregister' ? `, ${notifier}.mm` : '';
	const { uri, text } = sourceOf(f);
	const eol = eolOf(text);
	const declaration = `struct ${struct.name} *${own} = container_of`;
	const lines = [
		`static void ${name}(struct work_struct *work)`,
		'{',
		`\t${declaration}(work, struct ${struct.name}, remove_work);`,
		'',
		`\t${nameOf(call)}(&${notifier}${mm});`,
		'}',
	];
	const edits = new Edits()
		.insert(uri, aboveComment(text, rangeOf(f)[0]), `${lines.join(eol)}${eol}${eol}`)
		.insert(sourceOf(last).uri, rangeOf(last)[1], `${eol}\tstruct work_struct remove_work;`)
		.replace(call, `schedule_work(&${own}->remove_work)`);
	if (pointer === undefined) {
		const parameter = parameterOf(f, /struct mmu_(interval_)?notifier\b/);
		edits.declare(f, `${declaration}(${parameter}, struct ${struct.name}, ${field});`);
	}
	for (const { statement, work } of joins) edits.before(statement, `INIT_WORK(${work}, ${name});`);
	return [{ title: `Leave ${nameOf(call)}() to a work item`, edits: edits.list }];
}

/** The struct that the notifier of a call is part of, the field, and the pointer that the callback has to it. */
function ownerOf(program: Program, f: FunctionDecl, call: Call) {
	const [argument] = call.arguments;
	const member = argument && allOf(argument).find(isMember);
	const parameter = parameterOf(f, /struct mmu_(interval_)?notifier\b/);
	const type = nameOf(call) === 'mmu_notifier_unregister' ? 'struct mmu_notifier' : 'struct mmu_interval_notifier';
	const structs = allOf(program.root)
		.filter(isStructDef)
		.filter((s) => s.name !== undefined);
	const fieldIn = (s: StructDef, name?: string) =>
		s.fields
			.filter((d) => d.type && sourceText(d.type) === type)
			.flatMap((d) => d.fields)
			.find((n) => name === undefined || n.name === name)?.name;
	if (member) {
		const pointer = isNameRef(member.object) && member.operator === '->' ? member.object.target.$refText : undefined;
		const struct = structs.find((s) => s.fields.some((d) => d.fields.some((n) => n === member.field.ref)));
		const field = struct && fieldIn(struct, member.field.$refText);
		return struct && field && pointer ? { struct, field, pointer } : undefined;
	}
	const holders = structs.filter((s) => fieldIn(s) !== undefined);
	const [struct] = holders;
	const field = struct && fieldIn(struct);
	if (!struct || !field || holders.length > 1 || !argument || sourceText(argument) !== parameter) return undefined;
	return { struct, field, pointer: undefined };
}
