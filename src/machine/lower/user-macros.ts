import { lvalue, rvalue, storeTo } from './expressions.js';
import { numberOfUser } from './from-user.js';
import { Label } from './label.js';
import { arg, define, library, typeOf } from './macro.js';

/* get_user() and put_user(): their first argument is the variable itself (include/linux/uaccess.h; lib/kernel/gup.mmn). */

define('get_user __get_user', (f, e) => {
	const pointer = rvalue(f, arg(e, 1));
	const error = library(f, '__get_user_fault', [pointer], e);
	const done = new Label();
	const read = new Label();
	f.branch(error, done, read, e);
	f.place(read);
	const value = numberOfUser(f, e, library(f, 'cpu_load', [pointer], e));
	storeTo(f, lvalue(f, arg(e, 0)), value, typeOf(f, arg(e, 0)), e);
	f.place(done);
	return error;
});

define('put_user __put_user', (f, e) => {
	const value = rvalue(f, arg(e, 0));
	return library(f, '__put_user_value', [value, rvalue(f, arg(e, 1))], e);
});
