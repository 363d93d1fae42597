package probe

import (
	"errors"
	"fmt"
	"testing"
)

// TestExplain: an error tells of the network, not of a function within net/http.
func TestExplain(t *testing.T) {
	alert := errors.New("remote error: tls: certificate required")
	if got := explain(fmt.Errorf("readLoopPeekFailLocked: %w", alert)); got != alert {
		t.Errorf("%v", got)
	}
	if got := explain(alert); got != alert {
		t.Errorf("%v", got)
	}
}
