package main

import (
	"errors"
	"sync"
	"time"
)

// connectionsPerMinute is what watch may cost all registries together: a thousand nodes
// must not become the load that breaks one.
const connectionsPerMinute = 10

var errBudget = errors.New("the budget of connections is spent")

// A budget bounds connections within any minute.
type budget struct {
	most int

	mu   sync.Mutex
	made []time.Time // within the last minute, oldest first
}

// admit takes one connection out of the budget, or says that there is none left.
func (b *budget) admit(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	if len(b.made) >= b.most {
		return errBudget
	}
	b.made = append(b.made, now)
	return nil
}

// wait is how long it takes until so many connections are left, 0 where they are now.
func (b *budget) wait(now time.Time, connections int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expire(now)
	over := len(b.made) + min(connections, b.most) - b.most
	if over <= 0 {
		return 0
	}
	return b.made[over-1].Add(time.Minute).Sub(now)
}

func (b *budget) expire(now time.Time) {
	for len(b.made) > 0 && now.Sub(b.made[0]) >= time.Minute {
		b.made = b.made[1:]
	}
}
