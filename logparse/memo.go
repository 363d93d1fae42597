package logparse

// maxMemo is how many texts are remembered: a failing pull is tried again and again, and
// says the same each time.
const maxMemo = 512

// A memo remembers what was read of a text.
type memo[T any] map[string]T

func (m *memo[T]) of(text string, read func(string) T) T {
	if known, ok := (*m)[text]; ok {
		return known
	}
	if len(*m) >= maxMemo || *m == nil {
		*m = memo[T]{}
	}
	value := read(text)
	(*m)[text] = value
	return value
}
