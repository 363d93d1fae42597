package logparse

import "time"

// An order hands on the records of one file in the order in which they happened. Logs that
// were fetched newest first run backwards; the first records tell.
type order struct {
	take    func(record)
	held    []record
	decided bool
	reverse bool
}

const (
	heldForDirection = 64
	heldBackwards    = 2048 // then what is held is handed on, though older lines will follow
)

func (o *order) add(r record) {
	switch {
	case o.decided && !o.reverse:
		o.take(r)
		return
	case !o.decided && len(o.held) == heldForDirection:
		o.decide()
	case len(o.held) == heldBackwards:
		o.release()
	}
	if o.decided && !o.reverse {
		o.take(r)
		return
	}
	o.held = append(o.held, r)
}

func (o *order) decide() {
	later, earlier := 0, 0
	var last time.Time
	for _, r := range o.held {
		if r.time.IsZero() {
			continue
		}
		switch {
		case last.IsZero():
		case r.time.After(last):
			later++
		case r.time.Before(last):
			earlier++
		}
		last = r.time
	}
	o.decided, o.reverse = true, earlier > later
	if !o.reverse {
		o.release()
	}
}

func (o *order) release() {
	for i := range o.held {
		if o.reverse {
			i = len(o.held) - 1 - i
		}
		o.take(o.held[i])
	}
	o.held = o.held[:0]
}

func (o *order) flush() {
	if !o.decided {
		o.decide()
	}
	o.release()
}
