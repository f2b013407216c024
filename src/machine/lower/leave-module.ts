import { type Call, type FunctionDecl, isNameRef } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import type { FunctionLowering } from './function.js';

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
