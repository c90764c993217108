// Package browser tries the portal in a real browser: the explorer with and
// without JavaScript, the quick exit, keyboard, reflow and accessibility (axe).
//
// It holds tests only. They need node, npm and chromium, and skip with a reason
// where one is absent.
package browser
