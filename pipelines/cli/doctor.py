"""`ocrmill doctor`."""

from importlib.metadata import version


def doctor_command() -> None:
    """Show versions, hardware, fonts by script and optional extras, and how to install what is missing.

    The fonts are those that a recipe with fonts.system=true finds. A family counts for a script if a face of it covers
    the script completely; `ocrmill fonts` inspects all faces.

    Example: ocrmill doctor
    """
    from pipelines.cli.output import print_table
    from pipelines.progress import progress_bar
    from pipelines.reports.environment import count_families, describe_machine, find_extras, library_versions
    from pipelines.reports.font_report import describe_families
    from synthtext.fonts import FaceCache, FontInventory, FontOptions, find_fonts

    print(f"ocrmill {version('ocrmill')}")
    for name, text in describe_machine().items():
        print(f"{name}: {text}")
    print_table(("library", "version"), library_versions().items(), numbers=slice(0))
    fonts = find_fonts(FontOptions(system=True)).fonts
    faces = FontInventory(tuple({font.family: font for font in fonts}.values()), {})  # one of each family
    with progress_bar("inspecting", total=len(faces.fonts), unit="font families") as bar:
        families = describe_families(faces, FaceCache(), advance=bar.advance)
    counts = count_families(families)
    print_table(("script", "font families"), [(script, f"{count:,}") for script, count in counts.items()])
    if missing := [script for script, count in counts.items() if not count]:
        print(f"no font covers {', '.join(missing)}: install some with `make fonts`, or name a folder in fonts.folders")
    print_table(("extra", "state"), [(extra.name, extra.state) for extra in find_extras()], numbers=slice(0), folded=1)
