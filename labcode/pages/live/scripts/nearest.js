// Where a control goes that cannot stay where it was put.

