import type { RawName } from "../base/raw-name.ts";

/**
 * Files whose programs change them in place and may leave size and modification time as they were: to keep a secret, or
 * because they write through mapped memory or straight to the file's blocks.
 */
const extensions = new Set(
  [
    // Encrypted containers: VeraCrypt and TrueCrypt put the old time back on purpose.
    "hc tc luks",
    // Images of disks that are mounted and written to. Not "iso", which nobody writes to, nor "raw", which is a photo.
    "img dd dsk ima vfd dmg sparseimage",
    // Disks and saved memory of virtual machines, which grow rarely and are written through mapped memory.
    "vdi vmdk vhd vhdx avhd avhdx qcow qcow2 qed hdd hds vmem vmsn vmss",
    // Mail stores in one file: Outlook, Thunderbird and its relatives, Notes, Exchange.
    "pst ost mbox mbx dbx nsf edb",
    // Databases: SQLite and its log, which may stay mapped for days; Access, LMDB, SQL Server, Firebird, InnoDB, MyISAM,
    // dBase, FileMaker, LibreOffice, Realm; the catalogs of photo programs.
    "db db3 s3db sqlite sqlite3 sqlitedb db-wal sqlite-wal sqlite3-wal",
    "mdb accdb mdf ndf ldf fdb gdb ibd myd myi dbf fp7 fmp12 odb realm lrcat",
  ].flatMap((kind) => kind.split(" ")),
);

/** True for a file that is read in every run, however unchanged it looks. */
export function isAlwaysRead(name: RawName): boolean {
  const dot = name.lastIndexOf(".");
  return dot !== -1 && extensions.has(name.slice(dot + 1).toLowerCase());
}
