package main

import "github.com/spf13/cobra"

// hideFlags leaves flags that all commands share out of the help of one on which they have no
// effect.
func hideFlags(cmd *cobra.Command, names ...string) {
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		for _, name := range names {
			cmd.InheritedFlags().Lookup(name).Hidden = true
		}
		help(cmd, args)
	})
}
