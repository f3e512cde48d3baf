function differenceOf() { return null; }
