package main

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPatience bounds how long a script waits for what comes of a running pullwhy.
const scriptPatience = 30 * time.Second

// lines waits until a file has so many lines, of which each is a report by the schema:
// lines FILE N. The last of them becomes the file last.json.
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	var got [][]byte
	for end := time.Now().Add(scriptPatience); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		ts.Check(err)
		if got = bytes.SplitAfter(text, []byte("\n")); len(got) > want {
			break // the last one is empty
		}
		if time.Now().After(end) {
			ts.Fatalf("%s has %d lines, waited for %d:\n%s", args[0], len(got)-1, want, text)
		}
	}
	if len(got) != want+1 || len(got[want]) > 0 {
		ts.Fatalf("%s has %d lines, want %d", args[0], len(got)-1, want)
	}
	for _, line := range got[:want] {
		ts.Check(validate(line))
	}
	ts.Check(os.WriteFile(ts.MkAbs("last.json"), got[want-1], 0o600))
}

// await waits until a file holds a text: await FILE TEXT.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE TEXT")
	}
	for end := time.Now().Add(scriptPatience); ; time.Sleep(20 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && bytes.Contains(text, []byte(args[1])) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s holds no %q:\n%s", args[0], args[1], text)
		}
	}
}

// grow appends a file to a log: grow LOG FILE.
func grow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: grow LOG FILE")
	}
	log, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	_, err = log.WriteString(ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Check(log.Close())
}
