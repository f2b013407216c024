import { type Call, type FunctionDecl, isNameRef, type Member } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import type { StructType } from '../../language/types.js';
import type { Operand } from '../ir.js';
import type { FunctionLowering } from './function.js';

/** What a driver may follow a pointer to only under a condition: the kernel has that looked at. */
export function askFirst(f: FunctionLowering, e: Member, struct: StructType, base: Operand): void {
	const ask = (name: string, args: readonly Operand[]): void => {
		const declaration = f.module.named(name);
		if (declaration !== undefined) f.call(declaration, f.register(), args, e);
	};
	if (sourceOf(e).kernel || struct.def === undefined || !sourceOf(struct.def).kernel) return;
	if (struct.name === 'vm_area_struct') ask('__vma_is_there', [base]);
	if (
		struct.name === 'task_struct' &&
		e.field.$refText === 'mm' &&
		isNameRef(e.object) &&
		e.object.target.$refText === 'current'
	)
		ask('__current_has_mm', []);
}

/** Behind a scenario's call of what its file names in module_exit(): the module goes. */
export function leaveModule(f: FunctionLowering, called: FunctionDecl, e: Call): void {
	const { uri } = sourceOf(e);
	const file = f.module.program.files.find((x) => !x.kernel && x.uri === uri);
	const exits = file?.root.items.some((item) => {
		const [name] = item.$type === 'FileMacro' && item.name === 'module_exit' ? item.arguments : [];
		return isNameRef(name) && name.target.$refText === called.name;
	});
	const gone = exits ? f.module.named('__module_gone') : undefined;
	if (gone !== undefined) f.call(gone, f.register(), [], e);
}
