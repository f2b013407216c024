export const COMMANDS = [
	'check',
	'explore',
	'replay',
	'scenario',
	'export',
	'explain',
	'new',
	'lesson',
	'fmt',
	'lsp',
	'dap',
] as const;
export type Command = (typeof COMMANDS)[number];

/** What `--help` prints, for the whole and for each command. */
export const HELP: Readonly<Record<Command | 'all', string>> = {
	all: `Checks sketches of Linux MMU notifier callbacks in every interleaving.

usage: notifier-lab COMMAND …

  check FILE|DIR|- …   check sketches (.mmn)
  explore FILE         pick the next thread by hand, see how every way ends
  replay FILE RUN      take a saved run again
  scenario FILE        a scenario for a sketch that has none
  export FILE          a scenario as a SPIN or TLC model, its run as a drawing
  explain [NAME]       what a finding means, what a kernel function does
  new NAME             write a starter sketch to NAME.mmn
  lesson [N [FILE]]    learn by doing: fourteen lessons, and their judge
  fmt FILE|DIR|- …     bring sketches into kernel style
  lsp --stdio          the language server, for any editor
  dap --stdio          the debugger, for any editor

  notifier-lab COMMAND --help   more about one of them
  notifier-lab --version

exit status: 0 all as expected, 1 some error is not expected or an expected
one is missing, 2 the sketch or the command line has errors, or the files named
have nothing to check, 3 a limit was hit and nothing worse was found.
`,
	check: `usage: notifier-lab check [options] FILE|DIR|- …

Checks every scenario of the sketches in every interleaving. A folder stands for
all its .mmn files, - for standard input.

  --scenario NAME     only this scenario (repeatable)
  --format FORM       text (default)  like a compiler, with the shortest run
                      table           runs as two-column tables for a mail
                      json            for programs
                      sarif           for code scanning: SARIF 2.1.0, runs as
                                      code flows with the state at every step
                      html            the explorer, as one file that needs no
                                      network; for one sketch
                      github          notes beside the lines of a pull request
  --max-states N      stop a scenario after N states (default 2,000,000)
  --max-seconds S     … after S seconds (default 60)
  --max-memory MB     … when it holds about so much memory (default 1024)
  --only CODE,…       look for these findings only
  --ignore CODE,…     do not report these findings
  --hints             show each hint: code that no run reaches, rules of thumb
  --assumptions       show all that the verdicts assume, not only the first
  --one-more          look at what comes out right with one thread more: one of
                      its own again, or who queues for mmap_lock
  --no-reduction      walk through every interleaving, for comparison
  --werror            warnings that are not expected fail as errors do
  --fix               apply fixes that were checked, missing includes and stubs
                      among them, write the files, and show what has changed
  --diff              print what --fix would change, and write nothing
  --watch             check again whenever a file changes
  --jobs N            check N sketches at once, each in a thread of its own

Results go to standard output, progress and errors of the command line to
standard error. Ctrl-C ends the search and prints what was found so far; a
second one ends at once. NO_COLOR=1 turns colours off.

exit status: 0 all as expected, 1 some error is not expected or an expected
one is missing, 2 the sketch or the command line has errors, or the files named
have nothing to check, 3 a limit was hit and nothing worse was found.
A warning leaves it at 0, with --werror it counts as an error.

  notifier-lab check driver.mmn
  notifier-lab check sketches --format json >result.json
`,
	explore: `usage: notifier-lab explore [options] FILE

Walks through a scenario by hand: shows who can go, what each would do, and
whether the ways on from there end well (+), badly (-), or either way (~). Reads
commands from standard input; ? lists them.

  --scenario NAME     which scenario; the first that is not as expected
  --finding CODE      which finding's run to follow; the first
  --max-states N      stop the search after N states (default 2,000,000)
  --max-seconds S     … after S seconds (default 60)
  --max-memory MB     … when it holds about so much memory (default 1024)

  notifier-lab explore driver.mmn
`,
	replay: `usage: notifier-lab replay FILE RUN.json

Takes a saved run again, in the sketch as it is now, and prints it as a table.
Lines may have moved; the steps have to be the same. Runs are saved by the
explorer's export menu and by 'save' in notifier-lab explore.

  --scenario NAME     another scenario than the one it was saved from

exit status: 0 every step fits, 1 one does not (it is named), 2 the sketch, the
run or the command line has errors.

  notifier-lab replay driver.mmn deadlock.json
`,
	scenario: `usage: notifier-lab scenario FILE

Checks a sketch that has no scenario, and prints those that show what is wrong;
where nothing is, one of its callbacks and fault handlers against munmap(2).
They are the ones that editors add. Without a scenario, check runs the sketch
against much more; export wants one, and one of your own takes less time.

  --max-states N      look for what is wrong in so many states at most
  --max-seconds S     … for so many seconds at most (default 60)

  notifier-lab scenario driver.mmn
  notifier-lab scenario driver.mmn >>driver.mmn
`,
	export: `usage: notifier-lab export FILE --to promela|tla|mermaid|svg [--scenario NAME]

promela: a scenario as a model for SPIN 6.5 (Debian: apt install spin), with the
same states and the same steps. The scenario is searched first, because what
its threads write decides what a step is.
tla: the same as a TLA+ module with its TLC configuration: one action for each
statement at which a thread can stand.
mermaid, svg: the run of a finding as a drawing; where nothing is found, a run
that ends well.

  --to WHAT           what for
  --scenario NAME     which scenario. A model needs it where the sketch has
                      several; a drawing shows the first that is not as expected
  --finding CODE      drawings: which finding; the first
  --max-states N      stop the search after N states (default 300,000, drawings
                      2,000,000); a larger model is exported all the same: to
                      SPIN with room to spare
  --max-seconds S     … after S seconds (default 30, drawings 60)
  --no-reduction      models: make every access to memory a step

What the model cannot say is named, with exit status 2: never a wrong model.

  notifier-lab export driver.mmn --to promela >model.pml
  head model.pml      # the commands, with the -DVECTORSZ=N that it needs
  notifier-lab export driver.mmn --to tla --scenario race >race.tla
  java -cp tla2tools.jar tlc2.TLC -config race.tla race.tla
  notifier-lab export driver.mmn --to svg >deadlock.svg
`,
	explain: `usage: notifier-lab explain [NAME …]

Prints the manual's page of a finding: what it means, when it is reported, a
wrong and a right example, how to fix it. Or what a function, macro or struct
of the simulated kernel is: its head, its rule, and whether it may sleep.
Without NAME, lists all findings.

  notifier-lab explain deadlock
  notifier-lab explain mmu_interval_read_begin
`,
	new: `usage: notifier-lab new NAME [--api API]

Writes a small sketch that can be checked as it is to NAME.mmn. An existing
file is never overwritten.

  --api API           interval (default)  today's struct mmu_interval_notifier
                      kvm             a list notifier in the manner of KVM
                      list            today's struct mmu_notifier
                      secondary-tlb   the device walks the CPU's page table
                      active-ranges   posted in 2015, never merged

  notifier-lab new my-driver --api list
`,
	lesson: `usage: notifier-lab lesson [N [FILE]] [--hint K] [--solution]

Without a number, lists the lessons. With one, prints what lesson N is about and
writes its sketch to this folder; one that is there stays as it is. With a FILE,
judges it: exit status 0 when the goal is reached, 1 when not.

  --hint K            the K-th hint, from a nudge to nearly all
  --solution          a sketch that reaches the goal

  notifier-lab lesson 2
  notifier-lab lesson 2 02-the-documented-sequence.mmn
`,
	fmt: `usage: notifier-lab fmt [--check] FILE|DIR|- …

Brings sketches into kernel style, in place: tabs of 8, braces and spaces as in
Documentation/process/coding-style.rst, lines of 100 columns at most. Only white
space changes; comments stay. A folder stands for all its .mmn files, - reads
standard input and writes to standard output.

  --check             write nothing; print the files that are not in style

exit status: 0 all in style, or brought into it, 1 with --check: some file is
not, 2 a file cannot be read or written.

  notifier-lab fmt --check sketches
`,
	lsp: `usage: notifier-lab lsp --stdio

The language server for .mmn files, on standard input and output: errors and
findings as you type, in any editor that speaks the Language Server Protocol.
`,
	dap: `usage: notifier-lab dap --stdio

The debugger for .mmn files, on standard input and output: steps through the run
of a finding, forward and back, in any editor that speaks the Debug Adapter
Protocol. A launch request names the sketch; the rest may be left out:

  program             path of the sketch
  scenario            which scenario; the first that is not as expected
  finding             code of the finding whose run to take; the first
  stopOnEntry         false: go on to the first breakpoint, or to the end
`,
};
