package e2e

import (
	"fmt"
	"strings"
	"sync"
)

// A table collects what came of each scenario on each build.
type table struct {
	mu   sync.Mutex
	rows map[string]map[string]bool
}

func (t *table) add(scenario, build string, right bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = map[string]map[string]bool{}
	}
	if t.rows[scenario] == nil {
		t.rows[scenario] = map[string]bool{}
	}
	t.rows[scenario][build] = right
}

func (t *table) String() string {
	var b strings.Builder
	right, all := 0, 0
	fmt.Fprintf(&b, "\n%-46s", "")
	for _, build := range builds {
		fmt.Fprintf(&b, "%-10s", build.name)
	}
	for _, s := range scenarios {
		if t.rows[s.name] == nil {
			continue
		}
		fmt.Fprintf(&b, "\n%-46s", s.name)
		for _, build := range builds {
			mark := "-"
			if ok, ran := t.rows[s.name][build.name]; ran {
				all++
				mark = "WRONG"
				if ok {
					right++
					mark = "as staged"
				}
			}
			fmt.Fprintf(&b, "%-10s", mark)
		}
	}
	fmt.Fprintf(&b, "\n%d of %d root causes as staged", right, all)
	return b.String()
}
