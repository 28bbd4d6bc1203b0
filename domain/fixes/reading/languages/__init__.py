"""The words of each language, as data: one file each. A shop may extend them with files of its own."""
