/** The contents' tests in a browser; what needs the system's tar stays outside. */
import "../contents/archive.test.ts";
import "../contents/blob.test.ts";
import "../contents/budget.test.ts";
import "../contents/object.test.ts";
import "../contents/packer.test.ts";
import "../contents/padme.test.ts";
import "../contents/reader.test.ts";
