package release

// Enter is enter, for the tests.
var Enter = enter
