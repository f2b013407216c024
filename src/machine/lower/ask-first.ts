import { isNameRef, type Member } from '../../language/generated/ast.js';
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
