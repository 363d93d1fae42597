package registry

import "regexp/syntax"

// repositoryRunes are what a repository consists of. (distribution/reference regexp.go)
const repositoryRunes = "abcdefghijklmnopqrstuvwxyz0123456789._-/"

// maxWalked bounds the search of a pattern for a repository that it matches, in steps; beyond
// it the pattern is taken for one that matches.
const maxWalked = 50_000

// A walk is how far a pattern has got in a repository.
type walk struct {
	pc     uint32 // the pattern's next instruction
	behind byte   // kind of the last letter: 'a', '.', '/', or 0 at the beginning
	parted bool   // a slash has been seen
	ended  bool   // nothing may follow
}

// canMatch reports whether a pattern matches in any repository at all: no upper case, no colon, no
// slash at either end. parted asks for one of several components, as all of Docker Hub have.
// It says true where it cannot tell.
func canMatch(pattern string, parted bool) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return true
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return true
	}
	start := uint32(prog.Start)
	open := []walk{{pc: start}} // the match may begin anywhere
	for _, behind := range []byte{'a', '.', '/'} {
		open = append(open, walk{pc: start, behind: behind}, walk{pc: start, behind: behind, parted: true})
	}
	seen := map[walk]bool{}
	for len(open) > 0 && len(seen) < maxWalked {
		w := open[len(open)-1]
		open = open[:len(open)-1]
		if seen[w] {
			continue
		}
		seen[w] = true
		if prog.Inst[w.pc].Op == syntax.InstMatch && (!w.ended || w.behind == 'a' && (w.parted || !parted)) {
			return true
		}
		open = append(open, w.next(&prog.Inst[w.pc])...)
	}
	return len(open) > 0
}

// next are the ways on from an instruction.
func (w walk) next(inst *syntax.Inst) []walk {
	on := w
	on.pc = inst.Out
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		other := w
		other.pc = inst.Arg
		return []walk{on, other}
	case syntax.InstCapture, syntax.InstNop:
		return []walk{on}
	case syntax.InstEmptyWidth:
		empty := syntax.EmptyOp(inst.Arg)
		if empty&(syntax.EmptyBeginText|syntax.EmptyBeginLine) != 0 && w.behind != 0 {
			return nil
		}
		on.ended = w.ended || empty&(syntax.EmptyEndText|syntax.EmptyEndLine) != 0
		return []walk{on}
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return w.read(inst)
	}
	return nil
}

// read takes in one letter of each kind that may stand next and that the instruction matches.
func (w walk) read(inst *syntax.Inst) []walk {
	var all []walk
	for _, r := range repositoryRunes {
		kind := byte('a')
		switch r {
		case '.', '_', '-':
			kind = '.'
		case '/':
			kind = '/'
		}
		starts := w.behind == 0 || w.behind == '/' // where a letter or digit must stand
		if w.ended || kind != 'a' && starts || kind == '/' && w.behind == '.' || !inst.MatchRune(r) {
			continue
		}
		next := walk{pc: inst.Out, behind: kind, parted: w.parted || kind == '/'}
		if len(all) == 0 || all[len(all)-1] != next {
			all = append(all, next)
		}
	}
	return all
}
