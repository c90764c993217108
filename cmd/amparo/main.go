// Command amparo takes sensitive case records in and publishes protected releases.
//
// Exit codes: 0 done; 1 refused or failed, with one line and a hint on the error
// output; 2 wrong usage. Results go to the output, all else to the error output.
package main

import "os"

func main() { os.Exit(start(os.Args[1:])) }
