// Package differential holds what pullwhy makes of a node's files against the code that
// nodes run, on files made at random: containerd's own host configuration, upstream's and
// that of the K3s build, and the reader of registries.yaml that K3s and RKE2 use.
package differential

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// The variables that repeat a run, or lengthen it.
const (
	envSeed  = "PULLWHY_DIFF_SEED"
	envCount = "PULLWHY_DIFF_COUNT"
)

// rounds compares until as many cases as wanted, least by default, are done, each with a
// random source of its own. It stops after a few that differ: they mostly differ alike.
func rounds(t *testing.T, least int, compare func(r *rand.Rand) string) {
	t.Helper()
	seed, count := uint64(setting(t, envSeed, rand.Int())), setting(t, envCount, least)
	t.Logf("%s=%d, %d cases", envSeed, seed, count)
	const enough = 5
	for i, different := 0, 0; i < count && different < enough; i++ {
		if difference := compare(rand.New(rand.NewPCG(seed, uint64(i)))); difference != "" {
			different++
			t.Errorf("case %d:\n%s", i, difference)
		}
	}
}

func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return n
}

// pick is one of several, each as likely.
func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// oneIn is true once in n times.
func oneIn(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }
